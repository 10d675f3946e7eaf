"""What does a case mean, how sure are we, and what did it cost to find out?"""
